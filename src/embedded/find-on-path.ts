import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** All executables of this name on the PATH, in the order of the PATH. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const found: string[] = [];
  for (const directory of new Set((env["PATH"] ?? "").split(delimiter))) {
    if (directory === "") continue;
    const candidate = join(directory, file);
    if (await isExecutable(candidate)) found.push(candidate);
  }
  return found;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
