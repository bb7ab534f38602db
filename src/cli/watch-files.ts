import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Calls back once when one of the files changes, with its path. Folders are watched, not files: editors replace a file
 * by another. Several changes within `quietMs` are one.
 */
export function watchFiles(
  files: ReadonlySet<string>,
  onChange: (file: string) => void,
  quietMs = 100,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const names = folders.get(dirname(file)) ?? new Set();
    folders.set(dirname(file), names.add(basename(file)));
  }
  const stop = (): void => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  const changed = (file: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stop();
      onChange(file);
    }, quietMs);
  };
  const watchers: FSWatcher[] = [...folders].map(([folder, names]) => {
    const watcher = watch(folder, (_, name) => {
      if (name !== null && names.has(name)) changed(`${folder}/${name}`);
    });
    // The folder was removed: there is nothing to reload from it.
    return watcher.on("error", () => watcher.close());
  });
  return stop;
}
