import { type BundlingOptions, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** How a handler becomes one module. The benches bundle by it too, so they measure what is deployed. */
export const bundling = {
  format: OutputFormat.ESM,
  target: 'node24',
  mainFields: ['module', 'main'],
  // The SDK is bundled: the one that the runtime brings changes without us.
  externalModules: [],
  minify: true,
  sourceMap: true,
  sourcesContent: false,
} satisfies BundlingOptions;
