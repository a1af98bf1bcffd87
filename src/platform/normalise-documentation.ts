import type { Documentation, SdkLanguage } from './platform.ts';
import type { PlatformFile } from './schema.ts';

/** What the file says for its documentation page; everything may be left out. */
export function documentationOf({ documentation = {} }: PlatformFile): Documentation {
  const { developer_menu: developerMenu, pricing_url: pricingUrl, sdks = {} } = documentation;
  return {
    ...(developerMenu === undefined ? {} : { developerMenu }),
    ...(pricingUrl === undefined ? {} : { pricingUrl }),
    scopes: documentation.scopes ?? {},
    permissionSets: documentation.permission_sets ?? {},
    limits: documentation.limits ?? {},
    keyEnvironments: documentation.key_environments ?? {},
    sdks: Object.entries(sdks).map(([language, sdk]) => ({
      language: language as SdkLanguage,
      ...sdk,
    })),
  };
}
