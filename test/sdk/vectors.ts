import { readFileSync } from 'node:fs';

/** Files of sdk/vectors that hold cases, each of which every language runs without a server. */
export const VECTORS: readonly string[] = [
  ...['config', 'requests', 'errors', 'retries', 'tokens', 'webhooks', 'assertions'],
];

/** A case of sdk/vectors. */
export interface Case<Input, Expect> {
  readonly name: string;
  readonly input: Input;
  readonly expect: Expect;
}

export const readVectors = <File>(name: string): File =>
  JSON.parse(readFileSync(new URL(`../../sdk/vectors/${name}.json`, import.meta.url), 'utf8'));

export const casesOf = <Input, Expect>(name: string): readonly Case<Input, Expect>[] =>
  readVectors<{ cases: Case<Input, Expect>[] }>(name).cases;

/** As the cases speak of names, whatever language spells them. */
export const plain = (text: string) => text.toLowerCase().replaceAll('_', '');
