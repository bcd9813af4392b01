// Phone numbers and senders as people read them.

/** Return a number in international form with gaps, as in "+61 491 570 156"; a word stays as it is. */
export function numberText(number) {
  if (!/^\d{8,15}$/.test(number)) return number;
  if (/^614\d{8}$/.test(number)) return `+61 ${number.slice(2, 5)} ${number.slice(5, 8)} ${number.slice(8)}`;
  return `+${number}`;
}

/** Return the digits that a person typed, with Australia's 0 as 61; an empty text if there are none. */
export function typedNumber(typed) {
  const digits = typed.replace(/[\s()+.-]/g, "");
  if (!/^\d{3,15}$/.test(digits)) return "";
  return digits.startsWith("0") ? `61${digits.slice(1)}` : digits;
}

/** True if a handset can write to this sender: a number, not a word. */
export function isNumber(sender) {
  return /^\d+$/.test(sender);
}
