// The two roads of a call: through the gate to the API, and to the gate alone, with a question about it.

import { readJson } from './requests.js';
import { facts, say } from './words.js';

const VERDICTS = 'playground-verdicts';

/** By how a button goes `through`: what is sent in the place of a call, what its answer says and how it is shown. */
export const ROADS = {
  api: { sent: withVerdicts, read: readAnswer, shown: withVerdictsAbove },
  gate: { sent: questionAbout, read: readDecision, shown: (answer) => answer },
};

/** The call itself. That its answer has the verdicts beside it is asked for in a header. */
function withVerdicts(described) {
  return { ...described, headers: [...(described.headers ?? []), [VERDICTS, 'tell']] };
}

function readAnswer({ status, headers }) {
  const stages = readJson(headers.find(([name]) => name === VERDICTS)?.[1]);
  if (!stages) return { said: say('no_verdicts') };
  const isThrough = stages.every(({ verdict }) => verdict === 'passed');
  return {
    stages,
    said: isThrough ? say('called') : say('call_refused', { status: String(status) }),
  };
}

/** The verdicts are lines of the list above: as a header they would be longer than all the rest. */
function withVerdictsAbove(answer) {
  const headers = answer.headers.map(([name, value]) => [
    name,
    name === VERDICTS ? say('verdicts_above') : value,
  ]);
  return { ...answer, headers };
}

/** The credential goes where the call would have it; which call, says the body. */
function questionAbout({ method, url, headers }) {
  const { origin } = new URL(url);
  const fields = [
    ['method', method],
    ['path', url.slice(origin.length)],
  ];
  const body = { json: fields, isAddress: true };
  return { method: 'POST', url: `${facts.issuer}/playground/try`, headers, body };
}

function readDecision({ json }) {
  if (!json?.stages) return { said: json?.detail ?? '' };
  const { status, allowed, stages } = json;
  return {
    stages,
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

/** The verdicts of a call before are none of the next. */
export function clearStages(step) {
  for (const badge of step.querySelectorAll('[data-verdict]')) {
    badge.hidden = true;
    badge.textContent = '';
  }
  for (const found of step.querySelectorAll('[data-found]')) found.textContent = '';
}
