-- Neovim 0.11: as lsp/flaglift.lua in a folder of 'runtimepath', or before `vim.lsp.enable` in init.lua.
vim.lsp.config('flaglift', {
  cmd = { 'flaglift', 'lsp' },
  filetypes = {
    'csv', 'html', 'javascript', 'javascriptreact', 'json', 'jsonl', 'markdown', 'php', 'python',
    'ruby', 'sh', 'sql', 'svelte', 'text', 'toml', 'tsv', 'typescript', 'typescriptreact', 'vue',
    'yaml',
  },
  root_markers = { 'flaglift.toml', 'pyproject.toml', '.git' },
  settings = { flaglift = {} }, -- the keys of the configuration, such as select = { 'FL4' }
})
vim.lsp.enable('flaglift')
