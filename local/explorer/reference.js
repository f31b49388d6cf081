const reference = document.querySelector('#reference');

/* global Scalar */
Scalar.createApiReference('#reference', {
  url: reference.dataset.document,
  servers: [{ url: location.origin, description: 'This machine' }],
  // Nothing from elsewhere: no fonts, no proxy, no telemetry, no offers.
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: '',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  // The page has a filled-in request of its own.
  hideTestRequestButton: true,
  showSidebar: false,
  hideSearch: true,
  hideDarkModeToggle: true,
  documentDownloadType: 'yaml',
  layout: 'modern',
  theme: 'default',
  defaultOpenAllTags: true,
});
