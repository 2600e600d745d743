# A Rack app that answers with what it read in a form, as Rails reads it.
require "json"
require "rack"
require "rack/handler/webrick"

def flat(name, value, fields, files)
  if value.is_a?(Hash) && value[:tempfile]
    files << [name, value[:filename], value[:tempfile].size]
  elsif value.is_a?(Hash)
    value.each { |key, inner| flat("#{name}[#{key}]", inner, fields, files) }
  else
    fields << [name, value]
  end
end

app = lambda do |env|
  fields = []
  files = []
  Rack::Request.new(env).POST.each { |name, value| flat(name, value, fields, files) }
  body = JSON.generate({ fields: fields, files: files })
  [200, { "Content-Type" => "application/json" }, [body]]
end

Rack::Handler::WEBrick.run(app, Host: "127.0.0.1", Port: ARGV[0].to_i, AccessLog: [])
