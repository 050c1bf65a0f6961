// FOCUS bills: plain files, or the layout that AWS Data Exports delivers. The engine reads what is in them.
import type { FocusSource } from '../pipeline/pipeline.js';
import { landAwsExport } from './aws-export.js';
import { landPlainFiles } from './plain-files.js';
import type { Landing, LandRequest } from './source.js';

export async function land(request: LandRequest<FocusSource>): Promise<Landing> {
  const { layout } = request.config;
  const files =
    layout.kind === 'aws-export' ? await landAwsExport(request, layout.path) : await landPlainFiles(request, layout.files);
  return { files, controls: [] };
}
