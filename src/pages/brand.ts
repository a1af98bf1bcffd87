import type { Platform } from '../platform/platform.ts';
import type { PlatformBrand } from './view-models.ts';

/** The platform as its pages show it. */
export function brandOf({ name, branding }: Platform): PlatformBrand {
  const { accentColor, accentColorDark, supportUrl, termsUrl, privacyUrl } = branding;
  return {
    name,
    accent: accentColor,
    ...(accentColorDark ? { accentDark: accentColorDark } : {}),
    links: {
      ...(supportUrl ? { support: supportUrl } : {}),
      ...(termsUrl ? { terms: termsUrl } : {}),
      ...(privacyUrl ? { privacy: privacyUrl } : {}),
    },
  };
}
