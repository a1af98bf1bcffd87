/**
 * An address as somebody else may see it: enough for its owner to recognise, `g•••@h•••.example`.
 *
 * @param email normalised
 */
export function maskedEmail(email: string): string {
  const [local = '', domain = ''] = email.split('@');
  const labels = domain.split('.');
  const last = labels.length > 1 ? `.${labels.at(-1)}` : '';
  return `${masked(local)}@${masked(labels[0] ?? '')}${last}`;
}

/** One letter of one or two would be half of it. */
function masked(part: string): string {
  const letters = [...part];
  return `${letters.length > 2 ? letters[0] : ''}•••`;
}
