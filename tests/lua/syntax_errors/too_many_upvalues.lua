-- 256 variables of two enclosing functions, used by a third.
local a1, a2, a3, a4, a5, a6, a7, a8, a9, a10
local a11, a12, a13, a14, a15, a16, a17, a18, a19, a20
local a21, a22, a23, a24, a25, a26, a27, a28, a29, a30
local a31, a32, a33, a34, a35, a36, a37, a38, a39, a40
local a41, a42, a43, a44, a45, a46, a47, a48, a49, a50
local a51, a52, a53, a54, a55, a56, a57, a58, a59, a60
local a61, a62, a63, a64, a65, a66, a67, a68, a69, a70
local a71, a72, a73, a74, a75, a76, a77, a78, a79, a80
local a81, a82, a83, a84, a85, a86, a87, a88, a89, a90
local a91, a92, a93, a94, a95, a96, a97, a98, a99, a100
local a101, a102, a103, a104, a105, a106, a107, a108, a109, a110
local a111, a112, a113, a114, a115, a116, a117, a118, a119, a120
local a121, a122, a123, a124, a125, a126, a127, a128, a129, a130
local function outer()
  local b1, b2, b3, b4, b5, b6, b7, b8, b9, b10
  local b11, b12, b13, b14, b15, b16, b17, b18, b19, b20
  local b21, b22, b23, b24, b25, b26, b27, b28, b29, b30
  local b31, b32, b33, b34, b35, b36, b37, b38, b39, b40
  local b41, b42, b43, b44, b45, b46, b47, b48, b49, b50
  local b51, b52, b53, b54, b55, b56, b57, b58, b59, b60
  local b61, b62, b63, b64, b65, b66, b67, b68, b69, b70
  local b71, b72, b73, b74, b75, b76, b77, b78, b79, b80
  local b81, b82, b83, b84, b85, b86, b87, b88, b89, b90
  local b91, b92, b93, b94, b95, b96, b97, b98, b99, b100
  local b101, b102, b103, b104, b105, b106, b107, b108, b109, b110
  local b111, b112, b113, b114, b115, b116, b117, b118, b119, b120
  local b121, b122, b123, b124, b125, b126, b127, b128, b129, b130
  return function()
    local _ = a1 and a2 and a3 and a4 and a5 and a6 and a7 and a8 and a9 and a10
    local _ = a11 and a12 and a13 and a14 and a15 and a16 and a17 and a18 and a19 and a20
    local _ = a21 and a22 and a23 and a24 and a25 and a26 and a27 and a28 and a29 and a30
    local _ = a31 and a32 and a33 and a34 and a35 and a36 and a37 and a38 and a39 and a40
    local _ = a41 and a42 and a43 and a44 and a45 and a46 and a47 and a48 and a49 and a50
    local _ = a51 and a52 and a53 and a54 and a55 and a56 and a57 and a58 and a59 and a60
    local _ = a61 and a62 and a63 and a64 and a65 and a66 and a67 and a68 and a69 and a70
    local _ = a71 and a72 and a73 and a74 and a75 and a76 and a77 and a78 and a79 and a80
    local _ = a81 and a82 and a83 and a84 and a85 and a86 and a87 and a88 and a89 and a90
    local _ = a91 and a92 and a93 and a94 and a95 and a96 and a97 and a98 and a99 and a100
    local _ = a101 and a102 and a103 and a104 and a105 and a106 and a107 and a108 and a109 and a110
    local _ = a111 and a112 and a113 and a114 and a115 and a116 and a117 and a118 and a119 and a120
    local _ = a121 and a122 and a123 and a124 and a125 and a126 and a127 and a128 and a129 and a130
    local _ = b1 and b2 and b3 and b4 and b5 and b6 and b7 and b8 and b9 and b10
    local _ = b11 and b12 and b13 and b14 and b15 and b16 and b17 and b18 and b19 and b20
    local _ = b21 and b22 and b23 and b24 and b25 and b26 and b27 and b28 and b29 and b30
    local _ = b31 and b32 and b33 and b34 and b35 and b36 and b37 and b38 and b39 and b40
    local _ = b41 and b42 and b43 and b44 and b45 and b46 and b47 and b48 and b49 and b50
    local _ = b51 and b52 and b53 and b54 and b55 and b56 and b57 and b58 and b59 and b60
    local _ = b61 and b62 and b63 and b64 and b65 and b66 and b67 and b68 and b69 and b70
    local _ = b71 and b72 and b73 and b74 and b75 and b76 and b77 and b78 and b79 and b80
    local _ = b81 and b82 and b83 and b84 and b85 and b86 and b87 and b88 and b89 and b90
    local _ = b91 and b92 and b93 and b94 and b95 and b96 and b97 and b98 and b99 and b100
    local _ = b101 and b102 and b103 and b104 and b105 and b106 and b107 and b108 and b109 and b110
    local _ = b111 and b112 and b113 and b114 and b115 and b116 and b117 and b118 and b119 and b120
    local _ = b121 and b122 and b123 and b124 and b125 and b126 and b127 and b128 and b129 and b130  -- expect syntax error: too many upvalues (limit is 255) in function at line 29 near 'and'
  end
end
