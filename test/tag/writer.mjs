// A program that tags its calls, as built: `node writer.mjs <folder> <what> [number]`. Tells how many of its records are surely kept.
import { openTag } from '../../dist/tag/tag.js';

const [, , folder, what, number = '1'] = process.argv;
const tag = openTag({ folder, max_file_bytes: 20_000, flush_ms: 50 });
const answer = { model: 'gpt-4o', usage: { prompt_tokens: 10, completion_tokens: 2 } };

function record(from, n) {
  for (let at = from; at < from + n; at += 1) tag.openai(answer, { feature_id: 'chat', run_id: `${process.pid}-${at}` });
}

if (what === 'for ever') {
  for (let kept = 0; ; kept += 7) {
    record(kept, 7);
    if (await tag.flush()) process.stdout.write(`${kept + 7}\n`);
  }
}
record(0, Number(number));
if (what === 'close') await tag.close();
