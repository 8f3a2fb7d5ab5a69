-- needs: luasql.sqlite3
-- A database in a file: tables, prepared values, cursors, transactions, errors.
local environment = require "luasql.sqlite3".sqlite3()
local path = os.tmpname()
local connection = assert(environment:connect(path))
print(connection:execute "CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, weight REAL)")
connection:setautocommit(false)
for i, name in ipairs{"Rex", "O'Malley", "Felix"} do
  print(connection:execute(("INSERT INTO pets (name, weight) VALUES ('%s', %g)"):format(connection:escape(name), i * 1.5)))
end
print(connection:commit())
connection:execute "DELETE FROM pets"
print(connection:rollback())
connection:setautocommit(true)
local cursor = connection:execute "SELECT id, name, weight FROM pets ORDER BY name"
print(table.concat(cursor:getcolnames(), " "), table.concat(cursor:getcoltypes(), " "))
local row = cursor:fetch({}, "a")
while row do
  print(row.id, row.name, row.weight)
  row = cursor:fetch(row, "a")
end
print(cursor:close())
for id, name in function(c) return c:fetch() end, connection:execute "SELECT id, name FROM pets WHERE weight > 2" do print(id, name) end
print((connection:execute "SELECT nothing FROM nowhere"))
print(select(2, connection:execute "SELECT nothing FROM nowhere"))
print(connection:close(), environment:close())
print(pcall(connection.execute, connection, "SELECT 1"))
os.remove(path)
