// Sends messages as a Node app does, by fetch, and says in JSON what came of each.
import { readFileSync } from 'node:fs'

for (const { url, key, secret, timeout } of JSON.parse(readFileSync(0))) {
  try {
    const answer = await fetch(`${url}/send-sms.json`, {
      method: 'POST',
      headers: { Authorization: 'Basic ' + Buffer.from(`${key}:${secret}`).toString('base64') },
      body: new URLSearchParams({ message: 'Hi', to: '61491570156' }),
      signal: AbortSignal.timeout(timeout * 1000),
    })
    const body = await answer.text()
    let code = null
    try { code = JSON.parse(body).error?.code ?? null } catch {}
    console.log(JSON.stringify({ status: answer.status, type: answer.headers.get('content-type'), code }))
  } catch (why) {
    console.log(JSON.stringify({ failed: why.cause?.code ?? why.name }))
  }
}
