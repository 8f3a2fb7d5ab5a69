-- Perilune in Neovim 0.11 or newer: copy this file to ~/.config/nvim/lua/perilune.lua, and call
--   require('perilune').setup()
-- in init.lua. What it can be given, with the defaults, is in M.options.

local M = {}

M.options = {
  cmd = { 'perilune', 'lsp' },
  root_markers = { '.perilune.toml', '.git' },
  settings = {}, -- the server's, as in docs/editors.md: { hints = { threshold = 1 } }
  hints = true, -- figures at line ends
  lenses = false, -- code lenses above functions
  heat = true, -- hot lines have a background and a sign
}

local namespace = vim.api.nvim_create_namespace('perilune.heat')
local grades = { 0.02, 0.05, 0.15, 0.3 } -- shares from which a line is hotter
local backgrounds = {
  dark = { '#2a2420', '#3a2a20', '#54301f', '#6e331d' },
  light = { '#fbf1e8', '#f8e4d3', '#f4cfb2', '#efb48c' },
}
local signs = { '░', '▒', '▓', '█' }

local function client_of(buffer)
  return vim.lsp.get_clients({ name = 'perilune', bufnr = buffer })[1]
end

local function uri_of(buffer)
  return vim.uri_from_bufnr(buffer)
end

-- Executes a server command; `answered` gets its answer, unless that is an error, which is shown.
local function execute(name, argument, answered)
  local buffer = vim.api.nvim_get_current_buf()
  local client = client_of(buffer)
  if not client then
    vim.notify('Perilune does not serve this buffer.', vim.log.levels.WARN)
    return
  end
  local request = { command = 'perilune.server.' .. name, arguments = argument and { argument } or {} }
  client:request('workspace/executeCommand', request, function(problem, answer)
    if problem then
      vim.notify(problem.message, vim.log.levels.ERROR)
    elseif answered then
      answered(answer ~= vim.NIL and answer or nil)
    end
  end, buffer)
end

local function color()
  for grade, background in ipairs(backgrounds[vim.o.background] or backgrounds.dark) do
    vim.api.nvim_set_hl(0, 'PeriluneHeat' .. grade, { bg = background, default = true })
    vim.api.nvim_set_hl(0, 'PeriluneSign' .. grade, { fg = '#d9730d', default = true })
  end
end

local function grade_of(share)
  local grade
  for number, least in ipairs(grades) do
    if share >= least then grade = number end
  end
  return grade
end

-- Marks the hot lines of a buffer, as the server knows them now.
function M.paint(buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  local client = client_of(buffer)
  if not client then return end
  local request = { command = 'perilune.server.heat', arguments = { { uri = uri_of(buffer) } } }
  client:request('workspace/executeCommand', request, function(problem, bars)
    if problem or not vim.api.nvim_buf_is_valid(buffer) then return end
    vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
    if not M.options.heat then return end
    local count = vim.api.nvim_buf_line_count(buffer)
    for _, bar in ipairs(bars) do
      local grade = grade_of(bar.share)
      if grade and bar.line < count and not bar.stale then
        vim.api.nvim_buf_set_extmark(buffer, namespace, bar.line, 0, {
          line_hl_group = 'PeriluneHeat' .. grade,
          sign_text = signs[grade],
          sign_hl_group = 'PeriluneSign' .. grade,
        })
      end
    end
  end, buffer)
end

local function show_everywhere()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    if client_of(buffer) then
      M.paint(buffer)
      if M.options.lenses then vim.lsp.codelens.refresh({ bufnr = buffer }) end
    end
  end
end

local function go_to(place)
  vim.cmd("normal! m'")
  local buffer = vim.uri_to_bufnr(place.uri)
  vim.bo[buffer].buflisted = true
  vim.api.nvim_win_set_buf(0, buffer)
  vim.api.nvim_win_set_cursor(0, { math.min(place.line + 1, vim.api.nvim_buf_line_count(buffer)), 0 })
  vim.cmd('normal! ^zz')
end

local function ran(report)
  if not report then return end
  vim.notify(report.message, report.status == 'finished' and vim.log.levels.INFO or vim.log.levels.WARN)
  show_everywhere()
end

function M.profile(arguments)
  execute('profile', { uri = uri_of(0), arguments = arguments or {} }, ran)
end

function M.again()
  execute('rerun', { uri = uri_of(0) }, ran)
end

function M.stop()
  execute('cancel')
end

function M.clear()
  execute('clear', { uri = uri_of(0) }, show_everywhere)
end

function M.jump(command)
  execute(command, { uri = uri_of(0), line = vim.fn.line('.') - 1 }, function(place)
    if place then
      go_to(place)
    else
      vim.notify('There is no other hot line.')
    end
  end)
end

-- The hottest lines or functions ("lines", "functions"), in the quickfix list.
function M.list(kind)
  execute('hotspots', { uri = uri_of(0) }, function(found)
    local items = {}
    for _, spot in ipairs(found and found[kind] or {}) do
      local text = kind == 'lines' and spot.text or spot.name
      items[#items + 1] = { filename = vim.uri_to_fname(spot.uri), lnum = spot.line + 1, text = spot.label .. '  ' .. text }
    end
    if #items == 0 then
      vim.notify('Nothing was profiled yet.')
      return
    end
    local title = ('Perilune: %s %s'):format(found.run.program, table.concat(found.run.arguments, ' '))
    vim.fn.setqflist({}, ' ', { title = title, items = items })
    vim.cmd('botright copen')
  end)
end

-- Picks one of the hottest lines by vim.ui.select, and goes there.
function M.pick()
  execute('hotspots', { uri = uri_of(0), limit = 20 }, function(found)
    local lines = found and found.lines or {}
    if #lines == 0 then
      vim.notify('Nothing was profiled yet.')
      return
    end
    local function written(spot)
      local name = vim.fs.basename(vim.uri_to_fname(spot.uri))
      return ('%s:%d  %s  %s'):format(name, spot.line + 1, spot.label, spot.text)
    end
    vim.ui.select(lines, { prompt = 'Hottest lines', format_item = written }, function(spot)
      if spot then go_to(spot) end
    end)
  end)
end

local function one_of(words)
  return function(begun)
    return vim.tbl_filter(function(word) return vim.startswith(word, begun) end, words)
  end
end

local function commands()
  local function add(name, run, options)
    vim.api.nvim_create_user_command(name, run, options or {})
  end
  add('Profile', function(given) M.profile(given.fargs) end, { nargs = '*', complete = 'file' })
  add('ProfileAgain', function() M.again() end)
  add('ProfileRecord', function(given)
    execute('record', #given.fargs > 0 and { command = given.fargs } or nil, show_everywhere)
  end, { nargs = '*', complete = 'file' })
  add('ProfileStop', function() M.stop() end)
  add('ProfileClear', function() M.clear() end)
  add('ProfileLines', function() M.list('lines') end)
  add('ProfileFunctions', function() M.list('functions') end)
  add('ProfilePick', function() M.pick() end)
  add('ProfileNext', function() M.jump('nextHot') end)
  add('ProfilePrevious', function() M.jump('previousHot') end)
  add('ProfileMetric', function(given)
    execute('metric', { metric = given.args }, function(answer)
      if answer.message then vim.notify(answer.message) end
      show_everywhere()
    end)
  end, { nargs = 1, complete = one_of({ 'time', 'total', 'count', 'memory', 'change', 'growth' }) })
  add('ProfileFilter', function(given)
    execute('filter', { filter = given.args }, show_everywhere)
  end, { nargs = 1, complete = one_of({ 'everything', 'workspace', 'file' }) })
  add('ProfileToggle', function() execute('toggle', nil, show_everywhere) end)
  add('ProfileHeat', function()
    M.options.heat = not M.options.heat
    show_everywhere()
  end)
  add('ProfileSelection', function(given)
    local range = {
      start = { line = given.line1 - 1, character = 0 },
      ['end'] = { line = given.line2, character = 0 },
    }
    execute('summary', { uri = uri_of(0), range = range }, function(found)
      vim.notify(found and found.text or 'Nothing was measured there.')
    end)
  end, { range = true })
end

function M.setup(options)
  M.options = vim.tbl_deep_extend('force', M.options, options or {})
  color()
  commands()
  vim.lsp.config('perilune', {
    cmd = M.options.cmd,
    filetypes = { 'lua' },
    root_markers = M.options.root_markers,
    settings = { perilune = M.options.settings },
    init_options = vim.tbl_extend('force', M.options.settings, { notifications = true }),
    handlers = { ['perilune/figures'] = show_everywhere }, -- after runs that something else began
  })
  vim.lsp.enable('perilune')

  local group = vim.api.nvim_create_augroup('perilune', {})
  local function on(events, run)
    vim.api.nvim_create_autocmd(events, { group = group, callback = run })
  end
  on('ColorScheme', color)
  on('LspAttach', function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if not client or client.name ~= 'perilune' then return end
    if M.options.hints then vim.lsp.inlay_hint.enable(true, { bufnr = event.buf }) end
    M.paint(event.buf)
  end)
  on({ 'BufEnter', 'TextChanged', 'InsertLeave' }, function(event) M.paint(event.buf) end)
end

return M
