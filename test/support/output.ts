import { onTestFinished, vi } from 'vitest';

/** What this process writes to stdout and stderr from now on, until its test ends; it goes nowhere else. */
export function capturedOutput(): { lines(): string[] } {
  let text = '';
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  return { lines: () => text.split('\n').filter((line) => line !== '') };
}
