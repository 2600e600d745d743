# API=http://127.0.0.1:8080 ruby prompt.rb
require "net/http"

uri = URI("#{ENV.fetch("API", "https://api.example")}/tunes/7/prompts")
request = Net::HTTP::Post.new(uri, "Authorization" => "Bearer #{ENV["API_KEY"]}")
request.set_form([["prompt[text]", "a cat --video --video_model kling25 --duration 5"]], "multipart/form-data")
response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") { |http| http.request(request) }
puts response.body
exit response.is_a?(Net::HTTPSuccess)
