<?php // Sends a message as a PHP app does, by curl, and says in JSON what came of it.
[, $url, $key, $secret, $ca, $timeout] = $argv;
$call = curl_init("$url/send-sms.json");
curl_setopt_array($call, [
    CURLOPT_USERPWD => "$key:$secret",
    CURLOPT_POSTFIELDS => http_build_query(['message' => 'Hi', 'to' => '61491570156']),
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_CAINFO => $ca,
    CURLOPT_TIMEOUT_MS => (int) ($timeout * 1000),
]);
$body = curl_exec($call);
echo json_encode($body === false ? ['failed' => curl_strerror(curl_errno($call))] : [
    'status' => curl_getinfo($call, CURLINFO_RESPONSE_CODE),
    'type' => curl_getinfo($call, CURLINFO_CONTENT_TYPE),
    'code' => json_decode($body)->error->code ?? null,
]);
