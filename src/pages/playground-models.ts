import type { Snippet } from '../snippets/snippets.ts';
import type { PlatformText } from './platform-text.ts';

// What the pages of the playground need to know. In every list `kind` names the words.

export type FlowKind = 'code' | 'client_credentials' | 'refresh' | 'user_tokens' | 'service_jwt';

export type StepKind =
  | 'prepare'
  | 'authorize'
  | 'redeem'
  | 'client'
  | 'sign_in'
  | 'key_pair'
  | 'sign'
  | 'exchange'
  | 'inspect'
  | 'call'
  | 'ask'
  | 'renew'
  | 'check'
  | 'revoke'
  | 'key'
  | 'call_with_key'
  | 'ask_with_key';

/** Something to do: a request that the page makes as it is described, or an act of the page itself. */
export interface PlaygroundRun {
  kind: string;
  /** As JSON: what the snippets are made of, too. Absent: nothing is sent. */
  request?: string;
  /** `api`: goes to the API through the gate. `gate`: only asked of the gate. `open`: the browser goes there. */
  through?: 'api' | 'gate' | 'open';
}

export interface PlaygroundField {
  kind: string;
  /** A secret stays in the page's memory. */
  secret: boolean;
}

export interface PlaygroundStep {
  kind: StepKind;
  fields: readonly PlaygroundField[];
  /** What the page works out and shows. */
  values: readonly { kind: string }[];
  runs: readonly PlaygroundRun[];
  /** Done wrongly, for real. */
  lessons: readonly PlaygroundRun[];
  snippets: readonly Snippet[];
}

/** A choice as a form sends it. */
export interface PlaygroundOption {
  value: string;
  text: string;
  about?: PlatformText;
  chosen: boolean;
}

/** Why the app that the address names is not the one that is tried; the words are `playground.app_problem.<kind>`. */
export interface PlaygroundAppProblem {
  /** `unknown`: there is none, or not for this visitor. The other kinds are told of their own apps alone. */
  kind: 'unknown' | 'disabled' | 'no_code' | 'signs' | 'pushes' | 'redirect_uri';
  name?: string;
  /** Where its settings are. */
  appUrl?: string;
  /** What is to be added to its redirect URIs. */
  redirectUri?: string;
  /** For who isn't signed in. */
  signInUrl?: string;
}

export interface PlaygroundPage {
  /** The visitor's app that is tried; absent: the playground's own. */
  app?: { name: string; clientId: string; hasSecret: boolean };
  appProblem?: PlaygroundAppProblem;
  /** The address of this page: its setup, and the app that it names even where there is a problem with it. */
  here: string;
  dashboardUrl: string;
  docsUrl: string;
  tabs: readonly { kind: 'oauth' | 'keys'; href: string; current: boolean }[];
  /** Empty where keys are tried. */
  flows: readonly { kind: FlowKind; href: string; current: boolean }[];
  setup: {
    /** What the form sends beside what is chosen in it. */
    hidden: readonly { name: string; value: string }[];
    action: string;
    scopes: readonly PlaygroundOption[];
    routes: readonly PlaygroundOption[];
    ways: readonly PlaygroundOption[];
    /** Reproduces all this, and holds no secret. */
    link: string;
  };
  steps: readonly PlaygroundStep[];
  /** For the page's script. */
  facts: {
    issuer: string;
    /** Where strangers ask for a key; absent: they cannot. */
    keyPath?: string;
  };
}

/** Where the browser comes back to with a code: the script takes it on to the page. */
export interface PlaygroundCallbackPage {
  playgroundUrl: string;
}

/** Template name → its model. */
export interface PlaygroundPages {
  'playground/playground': PlaygroundPage;
  'playground/callback': PlaygroundCallbackPage;
}
