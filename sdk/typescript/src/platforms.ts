import { createPlatformClient } from './client.ts';
import { kaie, klen, kliq, kloakd } from './presets.ts';

/** Reads KLIQ_API_KEY and its companions. */
export class KliqClient extends createPlatformClient(kliq) {}

/** Reads KAIE_API_KEY and its companions. */
export class Kaie extends createPlatformClient(kaie) {}

/** Reads KLEN_API_KEY and its companions. */
export class Klen extends createPlatformClient(klen) {}

/** Reads KLOAKD_API_KEY, KLOAKD_ORG_ID and their companions. */
export class Kloakd extends createPlatformClient(kloakd) {}
