local account = {balance = 10}
function account:add(n) self.balance = self.balance + n return self end
print(account:add(5):add(1).balance)          -- expect: 16
print(account.add({balance = 1}, 1).balance)  -- expect: 2
