# A Rack app that answers with what it read in a request, as Rails reads it.
require "json"
require "rack"
require "rack/handler/webrick"

def flat(name, value, fields, files)
  if value.is_a?(Hash) && value[:tempfile]
    files << [name, value[:filename], value[:tempfile].size]
  elsif value.is_a?(Hash)
    value.each { |key, inner| flat("#{name}[#{key}]", inner, fields, files) }
  elsif value.is_a?(Array)
    value.each { |inner| flat("#{name}[]", inner, fields, files) }
  else
    fields << [name, value]
  end
end

app = lambda do |env|
  fields = []
  files = []
  request = Rack::Request.new(env)
  request.POST.each { |name, value| flat(name, value, fields, files) }
  json = JSON.parse(request.body.read) if request.media_type == "application/json"
  said = { fields: fields, files: files, query: request.GET, json: json }
  [200, { "Content-Type" => "application/json" }, [JSON.generate(said)]]
rescue StandardError => error
  [400, { "Content-Type" => "text/plain" }, [error.class.name]]
end

# Each response goes out at once. Otherwise its body waits until its head is acknowledged, and is lost
# where the server closes meanwhile with something left unread, as it does after a bad target.
at_once = ->(socket) { socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1) }
options = { Host: "127.0.0.1", Port: ARGV[0].to_i, AccessLog: [], AcceptCallback: at_once }
Rack::Handler::WEBrick.run(app, **options)
