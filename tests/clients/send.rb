# Sends a message as a Ruby app does, by net/http, and says in JSON what came of it.
require 'json'
require 'net/http'

url, key, secret, ca, timeout = ARGV
where = URI("#{url}/send-sms.json")
request = Net::HTTP::Post.new(where)
request.basic_auth(key, secret)
request.set_form_data(message: 'Hi', to: '61491570156')
begin
  options = { use_ssl: true, ca_file: ca, read_timeout: timeout.to_f }
  answer = Net::HTTP.start(where.host, where.port, nil, nil, nil, nil, options) { |http| http.request(request) }
  code = begin
    JSON.parse(answer.body).dig('error', 'code')
  rescue JSON::ParserError
    nil
  end
  puts JSON.generate(status: answer.code.to_i, type: answer['content-type'], code: code)
rescue SystemCallError, IOError, Timeout::Error, OpenSSL::SSL::SSLError => why
  puts JSON.generate(failed: why.class.name)
end
