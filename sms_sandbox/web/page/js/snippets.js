// A first call in several languages, with address, key and certificate filled in.
// Comments at the top of each are the commands that run it, for a shell in the folder of the file that they name.

import { quote as sh } from "./curl.js";
import { SAMPLE_NUMBER } from "./send_message.js";

const TO = SAMPLE_NUMBER;
const TEXT = "Hello from the sandbox";

/** Return the command that downloads the certificate of the authority to another machine. */
export function downloadCommand({ http }) {
  return `curl -o ca.pem ${sh(`${http}/_sandbox/ca.pem`)}`;
}

/** Return the command that reads the replies, as an app does. */
export function repliesCommand({ https, key, secret, ca }) {
  return `curl --cacert ${sh(ca)} -u ${sh(`${key}:${secret ?? "SECRET"}`)} ${sh(`${https}/get-user-sms-responses.json`)}`;
}

/** Return `[name, code]` for each language. `secret` is null where it is not shown; the code then says SECRET. */
export function snippets({ https, key, secret, ca }) {
  const word = secret ?? "SECRET";
  const url = `${https}/send-sms.json`;
  const q = JSON.stringify; // a quoted text, as these languages read it too
  return [
    ["curl", `curl --cacert ${sh(ca)} \\
  -u ${sh(`${key}:${word}`)} \\
  ${sh(url)} \\
  -d to=${TO} -d message='${TEXT}'`],
    ["Python", `# python3 send.py
import base64
import ssl
import urllib.parse
import urllib.request

pair = base64.b64encode(${q(`${key}:${word}`)}.encode()).decode()
request = urllib.request.Request(
    ${q(url)},
    data=urllib.parse.urlencode({"to": "${TO}", "message": "${TEXT}"}).encode(),
    headers={"Authorization": f"Basic {pair}"},
)
context = ssl.create_default_context(cafile=${q(ca)})
print(urllib.request.urlopen(request, context=context).read().decode())`],
    ["PHP", `<?php
// php send.php
$call = curl_init(${php(url)});
curl_setopt_array($call, [
    CURLOPT_USERPWD => ${php(`${key}:${word}`)},
    CURLOPT_POSTFIELDS => http_build_query(['to' => '${TO}', 'message' => '${TEXT}']),
    CURLOPT_CAINFO => ${php(ca)},
    CURLOPT_RETURNTRANSFER => true,
]);
echo curl_exec($call) ?: curl_error($call);`],
    ["Node", `// NODE_EXTRA_CA_CERTS=${sh(ca)} node send.mjs
const reply = await fetch(${q(url)}, {
  method: "POST",
  headers: { Authorization: "Basic " + Buffer.from(${q(`${key}:${word}`)}).toString("base64") },
  body: new URLSearchParams({ to: "${TO}", message: "${TEXT}" }),
});
console.log(await reply.json());`],
    ["Ruby", `# ruby send.rb
require "net/http"

uri = URI(${php(url)})
http = Net::HTTP.new(uri.host, uri.port)
http.use_ssl = true
http.ca_file = ${php(ca)}
request = Net::HTTP::Post.new(uri)
request.basic_auth(${php(key)}, ${php(word)})
request.set_form_data("to" => "${TO}", "message" => "${TEXT}")
puts http.request(request).body`],
    ["Java", `// keytool -importcert -noprompt -alias sms-sandbox -storepass changeit -keystore sandbox.p12 -file ${sh(ca.replaceAll("\\", "/"))}
// java -Djavax.net.ssl.trustStore=sandbox.p12 -Djavax.net.ssl.trustStorePassword=changeit Send.java
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;

class Send {
    public static void main(String[] args) throws Exception {
        String pair = Base64.getEncoder().encodeToString(${java(`${key}:${word}`)}.getBytes("UTF-8"));
        var request = HttpRequest.newBuilder(URI.create(${q(url)}))
            .header("Authorization", "Basic " + pair)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString("to=${TO}&message=${TEXT.replaceAll(" ", "+")}"))
            .build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}`],
    ["C#", `// dotnet new console, then replace the new Program.cs by this, and: dotnet run
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

var ca = X509Certificate2.CreateFromPem(File.ReadAllText(${q(ca)}));
var handler = new SocketsHttpHandler {
    SslOptions = new SslClientAuthenticationOptions {
        CertificateChainPolicy = new X509ChainPolicy {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { ca },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    },
};
var client = new HttpClient(handler);
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(${q(`${key}:${word}`)})));
var reply = await client.PostAsync(${q(url)}, new FormUrlEncodedContent(
    new Dictionary<string, string> { ["to"] = "${TO}", ["message"] = "${TEXT}" }));
Console.WriteLine(await reply.Content.ReadAsStringAsync());`],
    ["Go", `// go run send.go
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	pem, err := os.ReadFile(${q(ca)})
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	form := url.Values{"to": {"${TO}"}, "message": {"${TEXT}"}}
	request, _ := http.NewRequest("POST", ${q(url)}, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(${q(key)}, ${q(word)})
	reply, err := client.Do(request)
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(reply.Body)
	fmt.Println(string(body))
}`],
  ];
}

/** Return a quoted text in ASCII. Older compilers of Java read a file in the encoding of the machine. */
function java(text) {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Return a text in single quotes, as PHP and Ruby read it. */
function php(text) {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
