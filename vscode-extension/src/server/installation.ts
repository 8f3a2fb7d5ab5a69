// What can be decided about an installation without making one.

const LEAST_PYTHON = [3, 11] as const;
const MACHINES: Record<string, RegExp> = {
  'linux x64': /manylinux\S*_x86_64|linux_x86_64/,
  'linux arm64': /manylinux\S*_aarch64|linux_aarch64/,
  'darwin x64': /macosx\S*_(x86_64|universal2)/,
  'darwin arm64': /macosx\S*_(arm64|universal2)/,
  'win32 x64': /win_amd64/,
  'win32 arm64': /win_arm64/,
};

/** `major minor`, as Python prints it, against the oldest that Perilune runs on. */
export function isRecentPython(version: string): boolean {
  const [major, minor] = version.trim().split(/\s+/).map(Number);
  return major > LEAST_PYTHON[0] || (major === LEAST_PYTHON[0] && minor >= LEAST_PYTHON[1]);
}

/** The wheel that fits a machine. */
export function wheelFor(names: string[], platform: string, arch: string): string | undefined {
  const machine = MACHINES[`${platform} ${arch}`];
  const wheels = names.filter((name) => name.endsWith('.whl'));
  return wheels.find((name) => /-any\.whl$/.test(name) || machine?.test(name));
}

/** One sentence for a step that failed, with its last line of output. */
export function pipFailure(args: string[], output: string): string {
  if (args.includes('venv') && /ensurepip|python3-venv/.test(output)) {
    return 'Python cannot make virtual environments here. On Debian and Ubuntu: apt install python3-venv.';
  }
  const lines = output.trim().split(/\r?\n/);
  const error = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
  const what = args.includes('venv') ? 'The environment could not be made' : 'Perilune could not be installed';
  return error ? `${what}: ${error.trim()}` : `${what}.`;
}
