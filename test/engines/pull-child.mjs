// Lands what a source names, in a process of its own, and tells what that took: {"sha256", "bytes", "peakMib"}.
import { land } from '../../dist/source/registry.js';

const [root, config] = process.argv.slice(2);
const outside = { start: '2026-07', now: () => new Date(), env: {} };
const { files } = await land({
  config: JSON.parse(config),
  root,
  landingDir: `${root}/landing`,
  listener: () => undefined,
  outside,
});
const { sha256, bytes } = files[0];
process.stdout.write(JSON.stringify({ sha256, bytes, peakMib: process.resourceUsage().maxRSS / 1024 }));
