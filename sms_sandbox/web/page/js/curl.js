// Commands that repeat a request, for a shell.

/** Quote a text for a shell. */
export function quote(text) {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Return the curl command of a call of the API. The secret stays a variable, so that it is in no chat and no ticket. */
export function curlOfCall(entry, { https, ca }, key) {
  const path = entry.url?.startsWith("/") ? entry.url : `/${entry.method}.json`;
  const params = Object.entries(entry.request).map(([name, value]) => `  --data-urlencode ${quote(`${name}=${value}`)}`);
  return [`curl --cacert ${quote(ca)} -u ${quote(key)}:"$SMS_SECRET" ${quote(https + path)}`, ...params].join(" \\\n");
}

/** Return the curl command of a callback attempt: the request that the app got. */
export function curlOfCallback(url, signature) {
  const header = signature ? ` \\\n  -H ${quote(`x-transmitsms-signature: ${signature}`)}` : "";
  return `curl -i ${quote(url)}${header}`;
}
