// The gate, asked about a call that is not made.

import { filled, readJson } from './requests.js';
import { say } from './words.js';

/** The gate's answer, as the caller of the API would get it, and what each stage said. */
export async function askGate(described) {
  const { method, url, headers } = filled(described);
  const { pathname, search } = new URL(url);
  const response = await fetch('/playground/try', {
    method: 'POST',
    headers: [...headers, ['content-type', 'application/json']],
    body: JSON.stringify({ method, path: pathname + search }),
    credentials: 'omit',
  });
  const text = await response.text();
  const answer = readJson(text);
  if (!answer?.stages) {
    return {
      status: response.status,
      headers: [...response.headers],
      text,
      said: answer?.detail ?? '',
    };
  }
  const { status, allowed, body, stages } = answer;
  return {
    ...{ status, stages },
    headers: Object.entries(answer.headers),
    text: body === null ? '' : JSON.stringify(body),
    said: allowed ? say('let_through') : say('denied', { status: String(status) }),
  };
}

const BADGES = { passed: 'badge-good', refused: 'badge-bad', not_asked: '' };

export function showStages(step, stages) {
  for (const { stage, verdict, found } of stages) {
    const line = step.querySelector(`[data-stage="${stage}"]`);
    const badge = line.querySelector('[data-verdict]');
    badge.hidden = false;
    badge.className = `badge ${BADGES[verdict]}`;
    badge.textContent = say(verdict);
    line.querySelector('[data-found]').textContent = Object.entries(found)
      .map(([name, value]) => `${name}: ${value}`)
      .join(' · ');
  }
}
