// The playground. Every button of a step names a request that the server has described; it is sent to the
// real endpoint, and shown with its answer.

import { clearStages, ROADS, showStages } from './gate.js';
import { keyRequest, takeKey } from './keys.js';
import { learn, recall, show, whenLearned } from './memory.js';
import { newAttempt } from './pkce.js';
import {
  answerText,
  fieldsOf,
  headerVariablesOf,
  isAscii,
  messageOf,
  needsOf,
  send,
} from './requests.js';
import { ACT_NEEDS, ACTS, AFTER, MADE } from './runs.js';
import { followSetup } from './setup.js';
import { showTokens } from './tokens.js';
import { comeBack, leave } from './trip.js';
import { hasWords, say } from './words.js';

const buttons = [...document.querySelectorAll('[data-run]')];

async function begin() {
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener('click', () => run(button));
  }
  for (const field of document.querySelectorAll('[data-field]')) {
    field.addEventListener('input', () => learnField(field));
    // Of a page that was shown before, a browser may have kept what was typed.
    learnField(field);
  }
  whenLearned(refresh);
  followSetup(refresh);
  const said = comeBack();
  if (said) tell(said);
  if (!recall('STATE') && document.querySelector('[data-run="authorize"]')) {
    learn(await newAttempt());
  }
  refresh();
  document.documentElement.dataset.ready = '';
  if (recall('CODE')) document.getElementById('step-redeem').scrollIntoView();
}

const learnField = (field) => learn({ [field.dataset.field.toUpperCase()]: field.value.trim() });

function tell(text) {
  const place = document.getElementById('said');
  place.hidden = false;
  place.textContent = text;
}

/** Values that are shown under another name than they have. */
const ALIASES = { state_sent: 'STATE' };

let shownToken;

/** Buttons can be pressed when what they need is known; values are shown as they are. */
function refresh() {
  for (const button of buttons) {
    const missing = needs(button).filter((name) => recall(name) === undefined);
    button.disabled = missing.length > 0;
    const hint = button.closest('[data-step]').querySelector('[data-needs]');
    if (button.dataset.lesson !== undefined || !hint) continue;
    hint.hidden = missing.length === 0;
    const names = missing.map((name) => `name.${name.toLowerCase()}`).filter(hasWords);
    hint.textContent = say('needs', {
      names: [...new Set(names.map((name) => say(name)))].join(', '),
    });
  }
  for (const value of document.querySelectorAll('[data-value]')) {
    const name = ALIASES[value.dataset.value] ?? value.dataset.value.toUpperCase();
    value.textContent = show(name) ?? '–';
  }
  showRequestLine();
  const tokens = document.querySelector('[data-tokens]');
  if (tokens && shownToken !== recall('ACCESS_TOKEN')) {
    shownToken = recall('ACCESS_TOKEN');
    void showTokens(tokens);
  }
}

/** Where the browser will be sent: one parameter to a line. */
function showRequestLine() {
  const place = document.querySelector('[data-value="request_line"]');
  const button = document.querySelector('[data-run="authorize"]');
  if (!place || button.disabled) return;
  const message = messageOf(JSON.parse(button.dataset.request));
  place.textContent = message.replace(/&/g, '\n  &').replace('?', '\n  ?');
}

function needs({ dataset }) {
  if (!dataset.request) return ACT_NEEDS[dataset.run] ?? [];
  return needsOf(JSON.parse(dataset.request)).flatMap(madeOf);
}

const madeOf = (name) => MADE[name]?.needs ?? [name];

/** The labels of what was typed and can stand in no header. */
function unfitFields(described) {
  const names = headerVariablesOf(described).flatMap(madeOf);
  const unfit = new Set(names.filter((name) => !isAscii(recall(name))));
  const fields = [...unfit].map((name) =>
    document.querySelector(`[data-field="${name.toLowerCase()}"]`),
  );
  return fields.map((field) => field?.labels[0]?.textContent ?? '');
}

async function run(button) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  const step = button.closest('[data-step]');
  try {
    await perform(button.dataset, step);
  } catch {
    showExchange(step, { said: say('failed') });
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

async function perform({ run: kind, request, through }, step) {
  if (ACTS[kind]) return ACTS[kind]();
  clearStages(step);
  const described = kind === 'get_key' ? await keyRequest() : JSON.parse(request);
  const unfit = unfitFields(described);
  if (unfit.length > 0) {
    return showExchange(step, { said: say('not_ascii', { names: unfit.join(', ') }) });
  }
  for (const name of needsOf(described)) {
    if (MADE[name]) learn({ [name]: await MADE[name].make() });
  }
  if (through === 'open') return leave(described);
  const road = ROADS[through];
  const asSent = road ? road.sent(described) : described;
  const exchange = { sent: messageOf(asSent), fields: fieldsOf(asSent) };
  showExchange(step, { ...exchange, received: say('working') });
  const answer = await send(asSent);
  if (answer.isRedirect) return showExchange(step, { ...exchange, said: say('redirect') });
  const { stages, said } = road?.read(answer) ?? {};
  if (stages) showStages(step, stages);
  const told = kind === 'get_key' ? takeKey(answer) : said;
  const received = answerText(road?.shown(answer) ?? answer);
  showExchange(step, { ...exchange, received, said: told });
  AFTER[kind]?.(answer);
}

function showExchange(step, { sent, fields, received, said }) {
  const place = step.querySelector('[data-exchange]');
  place.hidden = false;
  const put = (selector, text) => {
    const where = place.querySelector(selector);
    where.textContent = text ?? '';
    where.closest('.wire')?.toggleAttribute('hidden', !text);
    if (!where.closest('.wire')) where.hidden = !text;
  };
  put('[data-sent]', sent);
  put('[data-fields]', fields);
  put('[data-received]', received);
  put('[data-said]', said);
}

if (crypto.subtle) await begin();
else document.getElementById('insecure').hidden = false;
