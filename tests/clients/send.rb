# Sends messages as a Ruby app does, by net/http, and says in JSON what came of each.
require 'json'
require 'net/http'

JSON.parse($stdin.read).each do |call|
  where = URI("#{call['url']}/send-sms.json")
  request = Net::HTTP::Post.new(where)
  request.basic_auth(call['key'], call['secret'])
  request.set_form_data(message: 'Hi', to: '61491570156')
  begin
    options = { use_ssl: true, ca_file: call['ca'], read_timeout: call['timeout'].to_f }
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
end
