// Refusals of the API, in words.

const SHOWN_NUMBERS = 5;

/** Return the description of an error block as words. RECIPIENTS_ERROR has lists of numbers there. */
export function errorWords({ description }) {
  if (typeof description !== "object" || description === null) return String(description ?? "");
  const optedOut = (description.optouts ?? []).map(String);
  const invalid = (description.fails ?? []).map(String).filter((number) => !optedOut.includes(number));
  return [["Not valid", invalid], ["Opted out", optedOut]].filter(([, numbers]) => numbers.length > 0)
    .map(([words, numbers]) => `${words}: ${some(numbers)}`).join("; ");
}

function some(numbers) {
  const more = numbers.length - SHOWN_NUMBERS;
  return numbers.slice(0, SHOWN_NUMBERS).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
