/** Making the data folder, one level after the other: Node's recursive mkdir never returns below some virtual file systems. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the folder when it does not exist and checks that it can be written; throws the system's error otherwise. */
export function makeDataFolder(path: string): void {
  if (!existsSync(path)) {
    makeDataFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
  accessSync(path, constants.X_OK);
}
