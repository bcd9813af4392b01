// Sends a message as an app does, and shows the result.

import { errorWords } from "./refusals.js";

export const SAMPLE_NUMBER = "61491570156"; // reserved for fiction, and delivered

/** Call send-sms with these parameters. A refusal is shown, and is in the traffic, too. */
export async function sendMessage({ control, notify }, params) {
  const { status, reply } = await control.post("/calls", { method: "send-sms", params });
  const code = reply?.error?.code;
  if (code === "SUCCESS") notify(`Sent: message ${reply.message_id}.`);
  else notify(new Error(code ? `${code}: ${errorWords(reply.error)}` : status ? `The call was answered with the status ${status}.` : "A fault ended the connection."));
}
