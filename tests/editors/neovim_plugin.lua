-- Drives the plugin of docs/editors/perilune.lua as a user would. Run by test_neovim.py with the plugin's path, a program
-- and a module of it, and the server's command behind them; every line that this writes is a step that went well.

local plugin, program, module = arg[1], arg[2], arg[3]
local server = { unpack(arg, 4) }
local patience = 20000

local function step(name, holds)
  if type(holds) == 'function' then holds = vim.wait(patience, holds, 20) end
  if not holds then
    io.stderr:write('failed: ' .. name .. '\n' .. vim.lsp.get_log_path() .. '\n')
    vim.cmd('cquit')
  end
  print('ok: ' .. name)
end

local said = {}
vim.notify = function(message) said[#said + 1] = message end
local function was_said(pattern)
  return function() return said[#said] and said[#said]:find(pattern) ~= nil end
end

vim.cmd('filetype on')
local perilune = dofile(plugin)
perilune.setup({ cmd = server, root_markers = { 'main.lua' }, settings = { profile = { mode = 'count' } } })
vim.cmd.edit(program)
local buffer = vim.api.nvim_get_current_buf()
step('the server serves Lua files', function()
  local client = vim.lsp.get_clients({ name = 'perilune', bufnr = buffer })[1]
  return client and client.initialized
end)

local namespace = vim.api.nvim_get_namespaces()['perilune.heat']
local function heat(of)
  local found = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(of or buffer, namespace, 0, -1, { details = true })) do
    found[mark[2]] = vim.trim(mark[4].sign_text) .. mark[4].line_hl_group
  end
  return found
end

vim.cmd('ProfileNext')
step('without a run there is no hot line', was_said('no other hot line'))
vim.cmd('ProfileLines')
step('and nothing to list', was_said('Nothing was profiled yet'))

vim.cmd('Profile 20 twice')
step('a run says what it did', was_said('^[%d,]+ instructions'))
step('hints are shown', function() return #vim.lsp.inlay_hint.get({ bufnr = buffer }) > 0 end)
step('hot lines are painted', function() return heat()[1] == '▓PeriluneHeat3' and heat()[2] == '█PeriluneHeat4' end)
step('cool lines are not', heat()[7] == nil)

vim.api.nvim_buf_set_lines(buffer, 0, 0, true, { '-- a new line' })
vim.api.nvim_exec_autocmds('TextChanged', { buffer = buffer })
step('paint moves with its line', function() return heat()[3] == '█PeriluneHeat4' and not heat()[1] end)

vim.api.nvim_win_set_cursor(0, { 1, 0 })
vim.cmd('ProfileNext')
step('the next hot line', function() return vim.fn.line('.') == 3 end)
vim.cmd('ProfileNext')
step('and the one behind it', function() return vim.fn.line('.') == 4 end)
vim.cmd('ProfilePrevious')
step('and back', function() return vim.fn.line('.') == 3 end)

vim.cmd('ProfileLines')
step('the hottest lines are in the quickfix list', function()
  local list = vim.fn.getqflist({ title = 1, items = 1 })
  return list.title == 'Perilune: main.lua 20 twice' and #list.items > 2 and list.items[1].text:find('%%')
end)
vim.cmd('cclose')
vim.cmd('ProfileFunctions')
step('and so are functions', function()
  local first = vim.fn.getqflist()[1]
  return first and first.text:find('call') and first.text:find('fib')
end)
vim.cmd('cclose')

local offered
vim.ui.select = function(items, options, chosen)
  offered = options.format_item(items[1])
  for _, item in ipairs(items) do
    if vim.uri_to_fname(item.uri) == module then return chosen(item) end
  end
end
vim.cmd('ProfilePick')
step('picking a line goes to its file', function() return vim.api.nvim_buf_get_name(0) == module end)
step('and shows what it costs', offered:match('^main.lua:%d+  %d+%.%d%% · '))
step('a module is painted when it is opened', function() return next(heat(vim.api.nvim_get_current_buf())) ~= nil end)
vim.cmd.buffer(buffer)

vim.cmd('ProfileMetric count')
step('by another metric other figures are shown', function()
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = buffer })) do
    if hint.inlay_hint.label:find('instr') then return true end
  end
end)
vim.cmd('ProfileMetric time')
vim.cmd('3,4ProfileSelection')
step('a selection is summed up', was_said('^lines 3 to 4: [%d.]+%% of the run'))

vim.cmd('ProfileHeat')
step('paint can be taken away', function() return next(heat()) == nil end)
vim.cmd('ProfileHeat')
step('and comes back', function() return next(heat()) ~= nil end)
vim.cmd('ProfileToggle')
step('everything can be hidden', function() return next(heat()) == nil end)
vim.cmd('ProfileToggle')

vim.cmd('ProfileAgain')
local count = #said
step('the same runs again', function() return #said > count and said[#said]:find('instructions') end)
vim.cmd('ProfileClear')
step('clearing takes paint and hints away', function()
  return next(heat()) == nil and #vim.lsp.inlay_hint.get({ bufnr = buffer }) == 0
end)

vim.cmd('Profile endless')
local mark = vim.fs.joinpath(vim.fs.dirname(program), 'running')
step('an endless program runs', function() return vim.uv.fs_stat(mark) ~= nil end)
vim.cmd('ProfileStop')
count = #said
step('and stops', function() return #said > count end)
step('the server leaves', function()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'perilune' })) do client:stop() end
  return #vim.lsp.get_clients({ name = 'perilune' }) == 0
end)
vim.cmd('qall!')
