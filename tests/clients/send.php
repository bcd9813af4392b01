<?php // Sends messages as a PHP app does, by curl, and says in JSON what came of each.
foreach (json_decode(file_get_contents('php://stdin')) as $wanted) {
    $call = curl_init("$wanted->url/send-sms.json");
    curl_setopt_array($call, [
        CURLOPT_USERPWD => "$wanted->key:$wanted->secret",
        CURLOPT_POSTFIELDS => http_build_query(['message' => 'Hi', 'to' => '61491570156']),
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CAINFO => $wanted->ca,
        CURLOPT_TIMEOUT_MS => (int) ($wanted->timeout * 1000),
    ]);
    $body = curl_exec($call);
    echo json_encode($body === false ? ['failed' => curl_strerror(curl_errno($call))] : [
        'status' => curl_getinfo($call, CURLINFO_RESPONSE_CODE),
        'type' => curl_getinfo($call, CURLINFO_CONTENT_TYPE),
        'code' => json_decode($body)->error->code ?? null,
    ]), "\n";
}
