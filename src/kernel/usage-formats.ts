// What a usage source may hold: records as one writes them for us, or those of a gateway or a tracer, whose names are known.

/** Records of these need no map. */
const PRESETS = ['otlp', 'litellm', 'langfuse', 'helicone'] as const;

export const USAGE_FORMATS = ['by-extension', 'jsonl', 'csv', 'parquet', ...PRESETS] as const;

export type UsageFormat = (typeof USAGE_FORMATS)[number];

export type PresetFormat = (typeof PRESETS)[number];

export function isPreset(format: UsageFormat): format is PresetFormat {
  return PRESETS.some((preset) => preset === format);
}

/** Whether input holds the cached tokens too. OpenTelemetry and LiteLLM say so; Langfuse and Helicone keep the classes apart. */
export function tokensOf(format: UsageFormat): 'inclusive' | 'exclusive' {
  return format === 'otlp' || format === 'litellm' ? 'inclusive' : 'exclusive';
}
