// Sends a message as a Node app does, by its https module, and says in JSON what came of it.
import { readFileSync } from 'node:fs'
import https from 'node:https'

const [url, key, secret, ca, timeout] = process.argv.slice(2)
const tell = (what) => { console.log(JSON.stringify(what)); process.exit() }
const failed = (why) => tell({ failed: why.code ?? why.message })
const request = https.request(`${url}/send-sms.json`, {
  method: 'POST', auth: `${key}:${secret}`, ca: readFileSync(ca), timeout: timeout * 1000,
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
