/** Put in by the build; absent when the sources run uncompiled. */
declare const BUILD_VERSION: string;
declare const BUILD_COMMIT: string;

/** What `fairlead version --json` prints. */
export interface VersionInfo {
  version: string;
  /** Git commit the binary was built from, shortened; `unknown` outside of a build. */
  commit: string;
  bun: string;
  platform: string;
  arch: string;
}

/** What is known of this build. */
export function versionInfo(): VersionInfo {
  return {
    version: typeof BUILD_VERSION === "string" ? BUILD_VERSION : "0.0.0-dev",
    commit: typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown",
    bun: Bun.version,
    platform: process.platform,
    arch: process.arch,
  };
}

/** One line, ending in a line feed. */
export function versionText({ version, commit, bun, platform, arch }: VersionInfo): string {
  return `fairlead ${version} (commit ${commit}, bun ${bun}, ${platform}-${arch})\n`;
}

/** One JSON object on one line, ending in a line feed. */
export function versionJson(info: VersionInfo): string {
  return `${JSON.stringify(info)}\n`;
}
