// Sends messages as a Node app does, by its https module, and says in JSON what came of each.
import { readFileSync } from 'node:fs'
import https from 'node:https'

const send = ({ url, key, secret, ca, timeout }) => new Promise((tell) => {
  const failed = (why) => tell({ failed: why.code ?? why.message })
  const request = https.request(`${url}/send-sms.json`, {
    method: 'POST', auth: `${key}:${secret}`, ca: readFileSync(ca), timeout: timeout * 1000, agent: false,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  }, (answer) => {
    let body = ''
    answer.on('data', (piece) => { body += piece })
    answer.on('error', failed)
    answer.on('end', () => {
      let code = null
      try { code = JSON.parse(body).error?.code ?? null } catch {}
      tell({ status: answer.statusCode, type: answer.headers['content-type'], code })
    })
  })
  request.on('timeout', () => request.destroy(new Error('timeout')))
  request.on('error', failed)
  request.end(new URLSearchParams({ message: 'Hi', to: '61491570156' }).toString())
})

for (const call of JSON.parse(readFileSync(0))) console.log(JSON.stringify(await send(call)))
