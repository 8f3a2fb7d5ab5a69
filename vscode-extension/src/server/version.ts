// Whether the server is one that this extension was made for.

/** What to tell the user about the two versions; undefined where they go together, or one is not known. */
export function versionConflict(extension: string, server: string | undefined): string | undefined {
  const [mine, its] = [parts(extension), parts(server ?? '')];
  if (!mine || !its || (mine[0] === its[0] && mine[1] === its[1])) return undefined;
  const isOlder = its[0] < mine[0] || (its[0] === mine[0] && its[1] < mine[1]);
  const advice = isOlder ? 'Some commands may be missing: update Perilune.' : 'Update the extension.';
  return `The Perilune server is version ${server}, the extension ${extension}. ${advice}`;
}

function parts(version: string): [number, number] | undefined {
  const match = /^(\d+)\.(\d+)/.exec(version);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}
