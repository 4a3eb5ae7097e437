/** The version of a Debian package, for tools that do not say their own. */
import { runCommand } from '../support/command.ts';

/** The upstream part, without epoch and revision; empty where there is no dpkg or no such package. */
export async function packageVersion(name: string): Promise<string> {
  const said = await runCommand('dpkg-query', ['-W', name]).then(
    ({ output }) => output.toString(),
    () => '',
  );
  return /\t(?:\d+:)?([\d.]+)/.exec(said)?.[1] ?? '';
}
