/**
 * The words of a part in another language: the same keys, and for each the same gaps or fewer. A key that
 * is missing or left over, or a gap that English doesn't fill, fails the compiler.
 */
export type Translated<English> = {
  [K in keyof English]: English[K] extends (gaps: infer Gaps) => string
    ? (gaps: Gaps) => string
    : string;
};
