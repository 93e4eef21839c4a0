module.exports = () => "core\n";
