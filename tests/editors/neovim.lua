-- Drives Neovim: opens a program, profiles it, edits it. Run by test_neovim.py with the server's command behind the
-- program's path; every line that this writes is a step that went well.

local program = arg[1]
local server = { unpack(arg, 2) }
local patience = 20000

local function step(name, holds)
  if type(holds) == 'function' then holds = vim.wait(patience, holds, 20) end
  if not holds then
    io.stderr:write('failed: ' .. name .. '\n' .. vim.lsp.get_log_path() .. '\n')
    vim.cmd('cquit')
  end
  print('ok: ' .. name)
end

vim.cmd('filetype on')
vim.cmd.edit(program)
local buffer = vim.api.nvim_get_current_buf()
local folder = vim.fs.dirname(program)
local client = vim.lsp.get_client_by_id(vim.lsp.start({ name = 'perilune', cmd = server, root_dir = folder }))
step('the server starts', function() return client.initialized end)
step('positions count bytes', client.offset_encoding == 'utf-8')
vim.lsp.inlay_hint.enable(true, { bufnr = buffer })

local function labels()
  local found = {}
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = buffer })) do
    found[hint.inlay_hint.position.line] = hint.inlay_hint
  end
  return found
end

local function execute(command, argument)
  local done, answer
  client:request('workspace/executeCommand', { command = command, arguments = { argument } }, function(err, result)
    done, answer = true, err or result
  end, buffer)
  step(command .. ' answers', function() return done end)
  return answer
end

step('no figures before a run', vim.tbl_isempty(labels()))
-- Counted: how many samples a loaded machine takes, and which line they say is the hottest, is no matter of this test.
local target = { uri = vim.uri_from_bufnr(buffer), arguments = { '25' }, mode = 'count' }
local report = execute('perilune.server.profile', target)
step('the run ends well', report.status == 'finished')

step('the hottest line shows its share and its hits', function()
  local hint = labels()[1]
  return hint and hint.label:match('^%d+%.%d%% · 243k×$')
end)
local wide = vim.api.nvim_buf_get_lines(buffer, 4, 5, true)[1]
step('a hint behind wide characters stands at the end of its line', labels()[4].position.character == #wide)

local hovered
client:request('textDocument/hover', {
  textDocument = vim.lsp.util.make_text_document_params(buffer),
  position = { line = 1, character = 3 },
}, function(_, result) hovered = result.contents.value end, buffer)
step('hover lists opcodes', function() return hovered and hovered:find('| opcode | count |', 1, true) end)

vim.api.nvim_buf_set_lines(buffer, 0, 0, true, { '-- a new line', '' })
step('figures move with their lines', function()
  local hint = labels()[3]
  return hint and hint.label:match('243k×') and not labels()[1]
end)
local line = vim.api.nvim_buf_get_lines(buffer, 3, 4, true)[1]
vim.api.nvim_buf_set_lines(buffer, 3, 4, true, { (line:gsub('n < 2', 'n < 3')) })
step('a line that was edited shows what it was, faded', function()
  return labels()[3] and labels()[3].label:match('^~%d+%.%d%%$')
end)

vim.api.nvim_buf_set_lines(buffer, 0, 1, true, { 'local x = = 1' })
step('an error is shown as one types', function()
  local found = vim.diagnostic.get(buffer)
  return #found == 1 and found[1].message == "unexpected symbol near '='" and found[1].lnum == 0
end)

execute('perilune.server.clear', vim.uri_from_bufnr(buffer))
step('clearing takes the figures away', function() return vim.tbl_isempty(labels()) end)
client:stop()
step('the server leaves', function() return client:is_stopped() end)
vim.cmd('qall!')
