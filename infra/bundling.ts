import { type BundlingOptions, LogLevel, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** The esbuild options that make a handler one module. The benches use them too. */
export const bundling = {
  format: OutputFormat.ESM,
  target: 'node24',
  mainFields: ['module', 'main'],
  // The SDK is bundled, since the runtime's own copy changes without a deployment. Its providers of
  // credentials are left out: on Lambda, credentials are in the environment.
  externalModules: [
    '@aws-sdk/credential-provider-http',
    '@aws-sdk/credential-provider-ini',
    '@aws-sdk/credential-provider-process',
    '@aws-sdk/credential-provider-sso',
    '@aws-sdk/credential-provider-web-identity',
    '@smithy/credential-provider-imds',
  ],
  minify: true,
  // For debugging by hand only: if Node read it, each cold start would take a tenth more CPU.
  sourceMap: true,
  sourcesContent: false,
  logLevel: LogLevel.WARNING,
} satisfies BundlingOptions;
