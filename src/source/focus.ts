// FOCUS bills: plain files, a layout that AWS or Azure delivers, or exports that a provider is asked for. The engine reads what is in them.
import type { FocusSource } from '../pipeline/pipeline.js';
import { landAwsExport } from './aws-export.js';
import { landAzureExport } from './azure-export.js';
import { landPlainFiles } from './plain-files.js';
import { landExports } from './pulled-exports.js';
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
    case 'pull':
      return landExports(request, layout.pull);
    default:
      return layout satisfies never;
  }
}
