-- Objects: method calls, inheritance, closures and fields.
local Account = {}
Account.__index = Account

function Account.new(balance) return setmetatable({balance = balance, entries = 0}, Account) end

function Account:deposit(amount)
  self.balance = self.balance + amount
  self.entries = self.entries + 1
end

function Account:total() return self.balance end

local Savings = setmetatable({}, {__index = Account})
Savings.__index = Savings

function Savings.new(balance) return setmetatable(Account.new(balance), Savings) end

function Savings:interest() self:deposit(self:total() % 7) end

local function counter()
  local count = 0
  return function()
    count = count + 1
    return count
  end
end

local next_count, savings = counter(), Savings.new(100)
for _ = 1, tonumber(arg and arg[1]) or 700000 do
  savings:interest()
  savings.balance = savings:total() - next_count() % 5
end
print(savings:total(), savings.entries)
