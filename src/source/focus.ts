// FOCUS bills: plain files, or a layout that AWS or Azure delivers. The engine reads what is in them.
import type { FocusSource } from '../pipeline/pipeline.js';
import { landAwsExport } from './aws-export.js';
import { landAzureExport } from './azure-export.js';
import { landPlainFiles } from './plain-files.js';
import type { Landing, LandRequest } from './source.js';

export async function land(request: LandRequest<FocusSource>): Promise<Landing> {
  const { layout } = request.config;
  switch (layout.kind) {
    case 'files':
      return { files: await landPlainFiles(request, layout.files), controls: [] };
    case 'aws-export':
      return { files: await landAwsExport(request, layout.path), controls: [] };
    case 'azure-export':
      return landAzureExport(request, layout.path);
    default:
      return layout satisfies never;
  }
}
