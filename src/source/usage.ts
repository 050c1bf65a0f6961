// Usage logs of call-sites: JSONL, CSV or Parquet. What is in them is read by the engine, straight into the lake.
import type { UsageSource } from '../pipeline/pipeline.js';
import { landPlainFiles } from './plain-files.js';
import type { Landing, LandRequest } from './source.js';

export async function land(request: LandRequest<UsageSource>): Promise<Landing> {
  return { files: await landPlainFiles(request, request.config.files), controls: [] };
}
